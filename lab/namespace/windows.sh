# windows.sh DIR: Wine's files over /usr, a clone of the prefix at /media/pfx, /tmp of its own
read -r pid _ </proc/self/stat # the host's number, from the host's /proc
mount -t overlay overlay -o lowerdir="$1/wine/usr":/usr /usr
mount -t tmpfs -o mode=755 tmpfs /media
mkdir /media/upper /media/work /media/pfx
mount -t overlay overlay -o lowerdir="$1/pfx",upperdir=/media/upper,workdir=/media/work /media/pfx
echo '<fontconfig></fontconfig>' >/media/fonts.conf # without any, each program looks for fonts, and complains
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir /tmp/home
mount -t proc proc /proc
echo "ready $pid"
exec >&-
while read -r _; do :; done
