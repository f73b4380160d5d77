-- as 0.1.0 made them: observations and run ledger

CREATE TABLE observations (
	id BIGSERIAL NOT NULL,
	row_key VARCHAR(64) NOT NULL,
	indicator VARCHAR NOT NULL,
	period VARCHAR(7) NOT NULL,
	measure VARCHAR NOT NULL,
	value DOUBLE PRECISION NOT NULL,
	unit VARCHAR NOT NULL,
	decimals INTEGER NOT NULL,
	status VARCHAR NOT NULL,
	released_at TIMESTAMP WITH TIME ZONE,
	source VARCHAR NOT NULL,
	note VARCHAR NOT NULL,
	family VARCHAR NOT NULL,
	revision INTEGER NOT NULL,
	ingested_at TIMESTAMP WITH TIME ZONE NOT NULL,
	payload_sha256 VARCHAR(64) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (row_key)
);

CREATE INDEX observations_figure ON observations (indicator, period, measure);

CREATE TABLE schema_version (
	version SERIAL NOT NULL,
	PRIMARY KEY (version)
);

CREATE TABLE ledger_runs (
	id SERIAL NOT NULL,
	run_id VARCHAR NOT NULL,
	attempt INTEGER NOT NULL,
	night VARCHAR(10) NOT NULL,
	key VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	message VARCHAR NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (run_id, attempt)
);

CREATE TABLE ledger_steps (
	id SERIAL NOT NULL,
	run_id VARCHAR NOT NULL,
	attempt INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	key VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	seconds DOUBLE PRECISION NOT NULL,
	message VARCHAR NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (run_id, attempt, name),
	FOREIGN KEY(run_id, attempt) REFERENCES ledger_runs (run_id, attempt)
);
