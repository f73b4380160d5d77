-- what the archive of forecasts added: forecasts and champions

CREATE TABLE forecast_nights (
	run_id VARCHAR NOT NULL,
	night VARCHAR(10) NOT NULL,
	vintage TIMESTAMP WITH TIME ZONE NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	content VARCHAR(64) NOT NULL,
	PRIMARY KEY (run_id)
);

CREATE TABLE forecast_archive (
	run_id VARCHAR NOT NULL,
	indicator VARCHAR NOT NULL,
	target VARCHAR NOT NULL,
	period VARCHAR NOT NULL,
	model VARCHAR NOT NULL,
	origin VARCHAR NOT NULL,
	months INTEGER NOT NULL,
	mean DOUBLE PRECISION,
	q025 DOUBLE PRECISION,
	q05 DOUBLE PRECISION,
	q10 DOUBLE PRECISION,
	q25 DOUBLE PRECISION,
	q50 DOUBLE PRECISION,
	q75 DOUBLE PRECISION,
	q90 DOUBLE PRECISION,
	q95 DOUBLE PRECISION,
	q975 DOUBLE PRECISION,
	no_change DOUBLE PRECISION,
	seasonal_naive DOUBLE PRECISION,
	scale DOUBLE PRECISION,
	PRIMARY KEY (run_id, indicator, target, period)
);

CREATE INDEX forecast_archive_figure ON forecast_archive (indicator, period);

CREATE TABLE champions (
	id SERIAL NOT NULL,
	indicator VARCHAR NOT NULL,
	day VARCHAR(10) NOT NULL,
	model VARCHAR NOT NULL,
	run_id VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ix_champions_indicator ON champions (indicator);
