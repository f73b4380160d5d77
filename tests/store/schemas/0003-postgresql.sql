-- what sources gave, and the revision of the tables

CREATE TABLE quarantine (
	id SERIAL NOT NULL,
	row_key VARCHAR(64) NOT NULL,
	source VARCHAR NOT NULL,
	address VARCHAR NOT NULL,
	payload_sha256 VARCHAR(64) NOT NULL,
	place VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	quarantined_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (row_key)
);

CREATE TABLE readings (
	address_key VARCHAR(64) NOT NULL,
	reading_key VARCHAR NOT NULL,
	PRIMARY KEY (address_key)
);

CREATE TABLE pulls (
	id SERIAL NOT NULL,
	source VARCHAR NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	status VARCHAR NOT NULL,
	figures INTEGER NOT NULL,
	new INTEGER NOT NULL,
	quarantined INTEGER NOT NULL,
	message VARCHAR NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE store_revision (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT store_revision_pkc PRIMARY KEY (version_num)
);
