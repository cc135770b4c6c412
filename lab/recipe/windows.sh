# Wine 10 of Debian 13, to be laid over /usr (folder wine), and a prefix (folder pfx) that is ready to be cloned.
fetch trixie wine wine64 libwine libc6 libunwind8 liblzma5 libgcc-s1 libz-mingw-w64 libfreetype6 libpng16-16t64 \
  libbrotli1 zlib1g libbz2-1.0 libfontconfig1 libexpat1 fonts-wine fonts-dejavu-core
usr=$D/wine/usr
z=$usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll # what the package's postinst does
cp "$usr/x86_64-w64-mingw32/lib/zlib1.dll" "$z"
{ printf 'Wine builtin DLL'; head -c16 /dev/zero; } | dd of="$z" bs=1 seek=64 conv=notrunc status=none
rm -rf "$usr/share/doc" "$usr/share/man" "$usr/x86_64-w64-mingw32"

# HOME lies in the namespace's own /tmp: the prefix must not link to the folders of whoever built it.
# Graphics=null gives windows, and so WM_CLOSE and taskkill, without a display. ServicesPipeTimeout (milliseconds) and
# AutoStartDelay are shorter than on Windows: what waits for them is the same.
unshare -m -p -f --kill-child --mount-proc --propagation private bash -ec '
  mount -t overlay overlay -o lowerdir="$1/wine/usr":/usr /usr
  mount --bind "$1" /media # the cache may lie below /tmp
  mount -t tmpfs tmpfs /tmp
  mkdir /tmp/home
  export HOME=/tmp/home USER=root WINEPREFIX=/media/pfx WINEDEBUG=-all FONTCONFIG_FILE=/dev/null PATH=/usr/lib/wine:$PATH
  export WINEDLLOVERRIDES=winemenubuilder.exe=d
  wine64 wineboot -i
  wine64 reg add "HKCU\Software\Wine\Drivers" /v Graphics /d null /f
  wine64 reg add "HKLM\System\CurrentControlSet\Control" /v ServicesPipeTimeout /t REG_SZ /d 3000 /f
  wine64 reg add "HKLM\System\CurrentControlSet\Control" /v AutoStartDelay /t REG_DWORD /d 3000 /f
  wineserver -w' x "$D"
test -s pfx/system.reg
