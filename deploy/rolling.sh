#!/bin/sh
# Replaces the instances behind a load balancer one after the other, so that no request fails (docs/operations.md, "Replace the
# instances"): drain, wait, stop, start, wait. Whatever goes wrong ends it with the instance at hand told, and the others as they
# were; an instance that was drained and not stopped yet wants traffic again.
#
#   deploy/rolling.sh --ops 'http://{}:8018' --stop 'ssh "$1" systemctl stop event-grpc' \
#     --start 'ssh "$1" systemctl start event-grpc' 10.0.0.1 10.0.0.2
#
# --ops URL         where the operations of an instance are; {} is the instance
# --token-file FILE the token of operations; its first line is shown
# --ca FILE         authorities that verify operations at https://
# --down COMMAND    succeeds when the load balancer sends an instance nothing any more, and nothing is under way; asked every second
# --up COMMAND      succeeds when the load balancer sends it traffic again
# --settle SECONDS  how long to wait where --down or --up isn't given (5)
# --stop COMMAND    stops it, and ends when it has stopped
# --start COMMAND   starts it
# --limit SECONDS   how long each wait may take (120)
#
# Commands are run by sh, and have the instance as $1.
set -eu

ops='' token_file='' ca='' down='' up='' stop='' start='' settle=5 limit=120 drained=''
say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
fail() { say "$*" >&2; exit 1; }
usage() { sed -n '2,/^set -eu/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }

while [ $# -gt 0 ]; do
  case $1 in
    --ops | --token-file | --ca | --down | --up | --stop | --start | --settle | --limit)
      [ $# -gt 1 ] || usage
      case $1 in
        --ops) ops=$2 ;; --token-file) token_file=$2 ;; --ca) ca=$2 ;; --down) down=$2 ;; --up) up=$2 ;;
        --stop) stop=$2 ;; --start) start=$2 ;; --settle) settle=$2 ;; --limit) limit=$2 ;;
      esac
      shift 2 ;;
    --) shift; break ;;
    -*) usage ;;
    *) break ;;
  esac
done
if [ -z "$ops" ] || [ -z "$stop" ] || [ -z "$start" ] || [ $# -eq 0 ]; then usage; fi

# Prints the status of an answer; 000 if there is none. The token is on no command line, where others would see it.
ask() {
  {
    [ -z "$token_file" ] || sed -n '1s/.*/header = "Authorization: Bearer &"/p' "$token_file"
    [ -z "$ca" ] || printf 'cacert = "%s"\n' "$ca"
  } | curl --config - --silent --output /dev/null --max-time 10 --write-out '%{http_code}' --request "$2" \
    "$(printf %s "$ops" | sed "s|{}|$1|g")$3" || true
}
wants_traffic() { [ "$(ask "$1" GET /heartbeat/)" = 200 ]; }
is_gone() { [ "$(ask "$1" GET /livez)" = 000 ]; }
run() { command=$1; shift; sh -c "$command" sh "$@"; }

# Waits until a command succeeds; fails after the limit.
until_true() {
  waited=0
  until "$@"; do
    [ "$waited" -lt "$limit" ] || return 1
    sleep 1
    waited=$((waited + 1))
  done
}

restore() {
  status=$?
  if [ -n "$drained" ]; then
    say "$drained: wants traffic again: $(ask "$drained" PUT '/heartbeat/?beat=true')"
  fi
  exit "$status"
}
trap restore EXIT
trap 'exit 130' INT TERM

# One that is replaced leaves its share to the others, so they have to be there.
for instance; do
  wants_traffic "$instance" || fail "$instance doesn't want traffic: mend that first, or leave it out"
done
for instance; do
  say "$instance: drain"
  drained=$instance
  case $(ask "$instance" PUT '/heartbeat/?beat=false') in
    410) ;;
    401 | 403) drained=''; fail "$instance: its operations want another token" ;;
    *) fail "$instance: its heartbeat can't be set" ;;
  esac
  if [ -n "$down" ]; then
    until_true run "$down" "$instance" || fail "$instance: the load balancer doesn't mark it down"
  else
    sleep "$settle"
  fi
  say "$instance: stop"
  run "$stop" "$instance" || fail "$instance: it can't be stopped"
  until_true is_gone "$instance" || fail "$instance: it still answers after it was stopped"
  drained=''
  say "$instance: start"
  run "$start" "$instance" || fail "$instance: it can't be started"
  until_true wants_traffic "$instance" ||
    fail "$instance: it doesn't want traffic after it was started; its log says why. To go back, start the build before there"
  if [ -n "$up" ]; then
    until_true run "$up" "$instance" || fail "$instance: the load balancer doesn't mark it up"
  else
    sleep "$settle"
  fi
  say "$instance: up"
done
say "all instances are replaced"
