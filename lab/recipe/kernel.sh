# User-mode Linux of Debian's next release with the libc it was built for (folder uml, laid over /usr for that process
# alone), and a disk image of the root file system in $LINUX.
fetch forky uml user-mode-linux libc6 libgcc-s1 e2fsprogs libext2fs2t64 libcom-err2 libss2 libblkid1 libuuid1
rm -rf uml/usr/share/doc uml/usr/share/man uml/usr/lib/debug
unshare -m --propagation private bash -ec '
  mount -t overlay overlay -o lowerdir="$1/uml/usr":/usr /usr
  mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 -d "$2/rootfs" -L lab "$1/disk.img" 600M' x "$D" "$LINUX"
# The agent runs the lab's commands in there (lab/agent); hostfs shows it the one folder of the machine's namespace.
cat > agent.service <<'U'
[Unit]
Description=The lab's hand in this machine
[Service]
Type=exec
ExecStartPre=mkdir -p /run/lab
ExecStartPre=mount -t hostfs -o hostfs=/media/share none /run/lab
ExecStart=/run/lab/agent /dev/ttyS0 /run/lab
OOMScoreAdjust=-1000
KillMode=process
U
unshare -m --propagation private bash -ec '
  mount -t overlay overlay -o lowerdir="$1/uml/usr":/usr /usr
  debugfs -w -f - "$1/disk.img" <<C
write $1/agent.service /etc/systemd/system/lab-agent.service
symlink /etc/systemd/system/multi-user.target.wants/lab-agent.service /etc/systemd/system/lab-agent.service
C' x "$D" >debugfs.log 2>&1
rm agent.service
