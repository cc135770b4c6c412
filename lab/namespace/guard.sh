# guard.sh NAME SCRIPT ARG…: what outlives a killed test process for the moment that cleaning up takes.
# It gives SCRIPT namespaces and cgroups of its own, and waits for the end of its standard input, whose other end the test
# process alone holds. SCRIPT is the first process of its pid namespace and ends with its own standard input, whose other end
# this guard alone holds: so everything in there ends with the test process, and with this guard too if it were killed.
name=$1
shift
groups=()
while read -r _ dir type options _; do
  case $type in
    cgroup2) ;;
    cgroup) [[ $options == *name=* ]] || continue ;; # systemd's own hierarchy on hybrid hosts: nspawn makes groups in it
    *) continue ;;
  esac
  mkdir "$dir/$name" 2>/dev/null && groups+=("$dir/$name")
done </proc/mounts

exec 4> >(
  for g in "${groups[@]}"; do echo $BASHPID >"$g/cgroup.procs"; done
  exec unshare --mount --pid --net --uts --ipc --propagation private --fork --kill-child bash -e "$@"
)
holder=$!
exec >&-
while read -r _; do :; done
exec 4>&-
wait $holder
for g in "${groups[@]}"; do find "$g" -depth -type d -exec rmdir {} \; ; done
