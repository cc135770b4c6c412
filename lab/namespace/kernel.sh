# kernel.sh DIR: user-mode Linux over /usr, the machine's disk as what differs from the image, a folder that the machine sees
read -r pid _ </proc/self/stat # the host's number, from the host's /proc
mount -t overlay overlay -o lowerdir="$1/uml/usr":/usr /usr
mount -t tmpfs -o mode=755 tmpfs /media
mkdir /media/share /media/tmp /media/image
mount --bind "$1" /media/image # the cache may lie below /tmp or be found by another name
mount -t proc proc /proc
echo "ready $pid"
exec >&-
while read -r _; do :; done
