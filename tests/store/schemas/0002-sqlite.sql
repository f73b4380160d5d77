-- what the archive of forecasts added: forecasts and champions

CREATE TABLE forecast_nights (
	run_id VARCHAR NOT NULL,
	night VARCHAR(10) NOT NULL,
	vintage DATETIME NOT NULL,
	made_at DATETIME NOT NULL,
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
	mean DOUBLE,
	q025 DOUBLE,
	q05 DOUBLE,
	q10 DOUBLE,
	q25 DOUBLE,
	q50 DOUBLE,
	q75 DOUBLE,
	q90 DOUBLE,
	q95 DOUBLE,
	q975 DOUBLE,
	no_change DOUBLE,
	seasonal_naive DOUBLE,
	scale DOUBLE,
	PRIMARY KEY (run_id, indicator, target, period)
);

CREATE INDEX forecast_archive_figure ON forecast_archive (indicator, period);

CREATE TABLE champions (
	id INTEGER NOT NULL,
	indicator VARCHAR NOT NULL,
	day VARCHAR(10) NOT NULL,
	model VARCHAR NOT NULL,
	run_id VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ix_champions_indicator ON champions (indicator);
