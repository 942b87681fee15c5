# Makes a root that has RabbitMQ of a Debian suite, and all that it needs: `root.sh SUITE ROOT`. The system's own packages
# and lists are not touched.
set -eu
suite=$1 root=$2
work=$root.part
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/tree"
: >"$work/status"
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -v snapshot | head -n 1)
[ -n "$mirror" ] || { echo "apt's sources name no mirror of Debian, from which RabbitMQ of $suite could come" >&2 && exit 1; }
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
apt() {
    apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$work" \
        -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o APT::Install-Recommends=0 "$@"
}
apt update
apt install -y --download-only rabbitmq-server dash bash coreutils sed grep mawk findutils hostname util-linux libc-bin procps
for folder in bin sbin lib lib64; do
    mkdir -p "$work/tree/usr/$folder"
    ln -s "usr/$folder" "$work/tree/$folder"
done
for package in "$work"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/tree" --keep-directory-symlink --no-same-owner
done
cd "$work/tree"
[ -e usr/bin/awk ] || ln -s mawk usr/bin/awk
[ -e usr/bin/sh ] || ln -s dash usr/bin/sh
mkdir -p proc dev tmp etc
echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo '127.0.0.1 localhost' >etc/hosts
[ -x usr/lib/rabbitmq/bin/rabbitmq-server ]
mv "$work/tree" "$root"
rm -rf "$work"
