-- MLflow has tables of the same names as others may have, and migrations of its own: a database to itself
CREATE DATABASE mlflow;
