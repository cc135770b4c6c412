# A bootable Debian 13 (folder rootfs: the essential packages, systemd, D-Bus), and systemd-nspawn to boot it with
# (folder tools, laid over /usr together with rootfs's libraries).
fetch trixie mm mmdebstrap
PATH=$D/mm/usr/bin:$PATH mmdebstrap --quiet --keyring="$KEYS" --mode=root --variant=essential --include=systemd,systemd-sysv,dbus \
  --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  trixie rootfs "$MIRROR"
rm -rf mm rootfs/var/cache/apt/* rootfs/var/lib/apt/lists/*
fetch trixie tools systemd-container libsystemd-shared
# A first boot would do what nobody asked for: log-in prompts, catalogues, backups of dpkg's database.
touch rootfs/etc/.updated rootfs/var/.updated
echo lab > rootfs/etc/hostname
printf '127.0.0.1 localhost lab\n::1 localhost\n' > rootfs/etc/hosts
for unit in console-getty.service getty@tty1.service serial-getty@ttyS0.service systemd-modules-load.service dpkg-db-backup.timer \
  systemd-journal-catalog-update.service ldconfig.service apt-daily.timer apt-daily-upgrade.timer; do
  ln -sf /dev/null "rootfs/etc/systemd/system/$unit"
done
