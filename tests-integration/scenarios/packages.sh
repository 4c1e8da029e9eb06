#!/usr/bin/env bash
# A chain of packages goes to another home; merged, it is the full package; signatures, checked with OpenSSL, too.
. "$(dirname "$0")/lib.sh"

there() { "$firn" --home "$work/there" "$@"; }
take_both_away() {
  local status=$?
  set +e
  there daemon stop >/dev/null 2>&1
  (exit $status)
  take_away
}
trap take_both_away EXIT

# refused STATUS WORDS COMMAND...: the command fails with this status, and says so in one line.
refused() {
  local wanted=$1 words=$2 status=0
  shift 2
  "$@" >"$work/told.txt" 2>&1 || status=$?
  [ $status -eq "$wanted" ] || fail "$* gave status $status, not $wanted: $(cat "$work/told.txt")"
  grep -q -- "$words" "$work/told.txt" || fail "$* does not say '$words': $(cat "$work/told.txt")"
  [ "$(wc -l <"$work/told.txt")" -eq 1 ] || fail "$* says more than a line: $(cat "$work/told.txt")"
}

cd "$work"
mkdir "$mnt/tree"
cp -a /usr/share/zoneinfo "$mnt/tree/"
truncate -s 300M "$mnt/sparse"
head -c 2M /dev/urandom | dd of="$mnt/sparse" bs=1M seek=200 conv=notrunc status=none
ln "$mnt/sparse" "$mnt/tree/hard"
setfattr -n user.note -v one "$mnt/tree"
firn snapshot create data --name one >/dev/null

mv "$mnt/tree/zoneinfo/Europe" "$mnt/Europa"
rm -r "$mnt/tree/zoneinfo/America"
echo more >>"$mnt/Europa/Paris"
setfattr -n user.note -v two "$mnt/tree"
ln "$mnt/Europa/Paris" "$mnt/tree/zoneinfo/Paris"
firn snapshot create data --name two >/dev/null

fallocate -p -o 200M -l 1M "$mnt/sparse"
chmod 600 "$mnt/Europa/Rome"
setfacl -m u:1234:r "$mnt/Europa/Rome"
mv "$mnt/Europa" "$mnt/tree/zoneinfo/Europe"
mkdir "$mnt/Europa"
touch -d '1999-01-02 03:04:05.123456789' "$mnt/Europa/new"
firn snapshot create data --name three >/dev/null

firn export data@one one.firn
firn export data@two two.firn --base data@one
firn export data@three - --base data@two >three.firn
[ "$(stat -c %s two.firn)" -lt $(($(stat -c %s one.firn) / 3)) ] || fail "two.firn is not small"

refused 3 'needs snapshot snap-' there import two.firn
there import one.firn >/dev/null
refused 3 "'data@two'" there import three.firn
there import - <two.firn >/dev/null
there import three.firn >/dev/null
mkdir original copy
for each in one two three; do
  firn mount "data@$each" original
  there mount "$each" copy
  same original copy
  same_listing original copy
  (cd original && getfattr -R -h -d -m - . | LC_ALL=C sort) >xattrs-a.txt
  (cd copy && getfattr -R -h -d -m - . | LC_ALL=C sort) >xattrs-b.txt
  cmp xattrs-a.txt xattrs-b.txt
  firn umount original
  there umount copy
done
# From one daemon to another, with nothing but a pipe between them.
id=$(firn export data@three - | FIRN_HOME=$work/there "$firn" import - --name piped)
firn mount data@three original
there mount "$id" copy
same original copy
same_listing original copy
firn umount original
there umount copy
there check >/dev/null

firn export data@three full.firn
firn pack merge merged.firn one.firn two.firn three.firn
cmp full.firn merged.firn || fail "the merged package is not the full one"
refused 4 'in order' firn pack merge again.firn one.firn three.firn
refused 4 'begin with a full package' firn pack merge again.firn two.firn three.firn

# A broken transfer goes on where it was, into a file and through a pipe.
head -c 100000 full.firn >broken.firn
cp broken.firn sent.firn
firn export data@three broken.firn --resume
cmp full.firn broken.firn
firn export data@three - --skip "$(stat -c %s sent.firn)" >>sent.firn
cmp full.firn sent.firn
refused 4 'not the beginning' firn export data@two broken.firn --resume
cmp full.firn broken.firn

firn pack keygen key >/dev/null
firn pack keygen stranger >/dev/null
firn export data@three signed.firn --sign-key key
for document in manifest contents; do
  tar xf signed.firn $document.json $document.sig $document.sha256
  sha256sum --quiet -c $document.sha256
  openssl pkeyutl -verify -pubin -inkey key.pub -rawin -in $document.json -sigfile $document.sig >/dev/null
done
openssl genpkey -algorithm ed25519 -out foreign
openssl pkey -in foreign -pubout -out foreign.pub
firn export data@three foreign.firn --sign-key foreign
refused 7 'not trusted' there import signed.firn --trusted-key stranger.pub
refused 7 'not signed' there import full.firn --require-signature
mkdir "$work/there/trusted-keys"
cp key.pub foreign.pub "$work/there/trusted-keys/"
there import signed.firn --require-signature --name signed >/dev/null
there import foreign.firn --require-signature --name foreign >/dev/null

# A package is browsed without importing it; what is damaged in it is an error where it is read.
firn mount data@three original
firn mount ./merged.firn copy
same original copy
same_listing original copy
(cd original && getfattr -R -h -d -m - . | LC_ALL=C sort) >xattrs-a.txt
(cd copy && getfattr -R -h -d -m - . | LC_ALL=C sort) >xattrs-b.txt
cmp xattrs-a.txt xattrs-b.txt
! touch copy/new 2>/dev/null || fail "a package can be written"
firn umount copy
refused 2 'incremental' firn mount three.firn copy
refused 4 'give them in order' firn mount three.firn copy --base one.firn
refused 2 'is none' firn mount data copy --base one.firn
firn mount three.firn copy --base one.firn --base ./two.firn
same original copy
same_listing original copy
(cd copy && getfattr -R -h -d -m - . | LC_ALL=C sort) >xattrs-b.txt
cmp xattrs-a.txt xattrs-b.txt
firn umount copy
cp merged.firn damaged.firn
printf 'x' | dd of=damaged.firn bs=1 seek=$(($(stat -c %s damaged.firn) - 20000)) conv=notrunc status=none
firn mount damaged.firn copy
ls -lR copy >/dev/null
! cat $(find copy -type f) >/dev/null 2>errors.txt || fail "what is damaged was read"
grep -q 'Input/output error' errors.txt
firn daemon stop
firn daemon start
! mountpoint -q copy || fail "the package's mount came back"
