#!/bin/sh
# Saves and restores the data of an instance with the embedded ClickHouse (docs/backup.md). The instance has to be stopped: what
# is copied is then what was acknowledged, and nothing starts on the folder meanwhile.
#
#   deploy/backup.sh save DATA FILE        FILE is a tar; by its name it is compressed (.tar.zst, .tar.gz)
#   deploy/backup.sh restore FILE DATA     DATA must not be there, or be empty
set -eu
umask 077

fail() { echo "$*" >&2; exit 1; }
usage() { sed -n '2,/^set -eu/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
[ $# -eq 3 ] || usage

case $1 in
  save)
    data=$2 file=$3
    [ -d "$data/clickhouse" ] || fail "$data is not the data of an instance: there is no $data/clickhouse"
    # The lock that an instance holds.
    exec 9>>"$data/server.lock"
    flock --nonblock 9 || fail "an instance runs on $data: stop it first"
    part="$(dirname "$file")/.part.$$.$(basename "$file")"
    trap 'rm -f "$part"' EXIT
    # What each start makes anew is left out.
    tar --create --auto-compress --file "$part" --directory "$data" --exclude=./server.lock --exclude=./clickhouse.port \
      --exclude=./clickhouse.log --exclude=./event_grpc.password --exclude=./clickhouse/status --exclude=./clickhouse/tmp .
    tar --list --file "$part" >/dev/null || fail "$part can't be read again"
    sync "$part"
    mv "$part" "$file"
    ;;
  restore)
    file=$2 data=$3
    [ -f "$file" ] || fail "there is no $file"
    [ ! -e "$data" ] || [ -z "$(ls -A "$data")" ] || fail "$data is not empty: restore beside it, and look at it before it takes its place"
    mkdir -p "$data"
    tar --extract --preserve-permissions --file "$file" --directory "$data"
    [ -d "$data/clickhouse" ] || fail "$file is no backup of an instance: there is no clickhouse in it"
    ;;
  *) usage ;;
esac
