#!/bin/sh
# Secrets of the stack, in a folder that only you can read: an authority with a certificate for each server, passwords,
# the token of operations. What is there stays, so that it can be run again. KEYS names the first client, whose write key is
# printed once; that takes the image, or the command in EVENT_GRPC.
set -eu
umask 022
cd "$(dirname "$0")"
folder=${SECRETS:-secrets}
# Mounted one by one into containers whose users are others; the folder keeps everybody else out.
mkdir -p "$folder/keys" && chmod 700 "$folder"
cd "$folder"

random() { openssl rand -hex 24; }
sha256() { openssl dgst -sha256 -binary; }

if [ ! -e ca.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=event-grpc stack" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out ca.pem 2>/dev/null
  chmod 600 ca.key
fi
for server in event-grpc rabbitmq clickhouse postgres; do
  [ -e "$server.pem" ] && continue
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$server" \
    -addext "subjectAltName=DNS:$server,DNS:localhost,IP:127.0.0.1" -addext "extendedKeyUsage=serverAuth" \
    -keyout "$server.key" -out "$server.csr" 2>/dev/null
  openssl x509 -req -in "$server.csr" -days 365 -copy_extensions copy -CA ca.pem -CAkey ca.key -out "$server.pem" 2>/dev/null
  rm "$server.csr"
  chmod 644 "$server.key"
done

for password in clickhouse-password postgres-password ops-token; do
  [ -e "$password" ] || random > "$password"
done
if [ ! -e clickhouse-users.yaml ]; then
  hash=$(tr -d '\n' < clickhouse-password | sha256 | od -An -v -tx1 | tr -d ' \n')
  printf 'users:\n  default: { "@remove": "1" }\n  events:\n    password_sha256_hex: %s\n    networks: { ip: "::/0" }\n    profile: default\n    quota: default\n' "$hash" > clickhouse-users.yaml
fi
if [ ! -e rabbitmq-users.json ]; then
  password=$(random)
  openssl rand -out salt 4
  # RabbitMQ's own form: the salt, and the SHA-256 of the salt and the password.
  hash=$({ cat salt; { cat salt; printf %s "$password"; } | sha256; } | openssl base64 -A)
  rm salt
  printf 'amqps://events:%s@rabbitmq:5671/%%2f?cacertfile=/run/secrets/ca.pem' "$password" > amqp-url
  cat > rabbitmq-users.json <<JSON
{
  "users": [{ "name": "events", "password_hash": "$hash", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": [] }],
  "vhosts": [{ "name": "/" }],
  "permissions": [{ "user": "events", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" }]
}
JSON
fi
if [ ! -e keys/keys.yaml ]; then
  [ -n "${KEYS:-}" ] || { echo "Nobody has a write key yet: run this again with KEYS=NAME, the name of a first client." >&2; exit 1; }
  ${EVENT_GRPC:-docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD/keys:/keys" --workdir / event-grpc} \
    keys new "$KEYS" --keys "${EVENT_GRPC:+$PWD}/keys/keys.yaml"
  chmod 644 keys/keys.yaml
fi
