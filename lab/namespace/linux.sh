# linux.sh DIR: systemd-nspawn's files over /usr, a clone of the root file system at /media/root
read -r pid _ </proc/self/stat # the host's number, from the host's /proc
mount -t overlay overlay -o lowerdir="$1/tools/usr:$1/rootfs/usr":/usr /usr
mount -t tmpfs -o mode=755 tmpfs /media
mkdir /media/upper /media/work /media/root
mount -t overlay overlay -o lowerdir="$1/rootfs",upperdir=/media/upper,workdir=/media/work /media/root
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/systemd
mount -t proc proc /proc
echo "ready $pid"
exec >&-
while read -r _; do :; done
