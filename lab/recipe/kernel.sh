# User-mode Linux of Debian's next release with the libc it was built for (folder uml, laid over /usr for that process
# alone), and a disk image of the root file system in $LINUX.
fetch forky uml user-mode-linux libc6 libgcc-s1 e2fsprogs libext2fs2t64 libcom-err2 libss2 libblkid1 libuuid1
rm -rf uml/usr/share/doc uml/usr/share/man uml/usr/lib/debug
unshare -m --propagation private bash -ec '
  mount -t overlay overlay -o lowerdir="$1/uml/usr":/usr /usr
  mkfs.ext4 -q -F -d "$2/rootfs" -L lab "$1/disk.img" 600M' x "$D" "$LINUX"
