#!/bin/sh
# Makes the secrets that compose.yaml asks for, once. Nothing that is there is changed.
set -eu
cd "$(dirname "$0")/secrets"
umask 077

if [ ! -e postgres_password ]; then
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > postgres_password
fi
password=$(cat postgres_password)
[ -e store_url ] || printf 'postgresql://cumulus:%s@postgres/cumulus\n' "$password" > store_url
[ -e tracking_uri ] || printf 'postgresql+psycopg://cumulus:%s@postgres/mlflow\n' "$password" > tracking_uri
# one address of apprise a line
[ -e notify_urls ] || printf '# mailto://user:password@example.org\n' > notify_urls
# compose hands files on with the owner that they have here
if [ "$(id -u)" = 0 ]; then
  chown 999:999 postgres_password
  chown 10001:10001 store_url tracking_uri notify_urls
else
  echo "now, as root: chown 999:999 $PWD/postgres_password; chown 10001:10001 $PWD/*_ur[il]*" >&2
fi
