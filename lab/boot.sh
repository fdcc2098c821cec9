#!/bin/bash
# Makes the namespaces it is started in a machine, and then stays as their first process.
# Arguments: the machine's name, its root filesystem, and files to mount into it as SOURCE=TARGET ...
set -euo pipefail
name=$1 root=$2
shift 2

hostname "$name"
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root/run/lock" "$root/run/netns"
for file in "$@"; do
    mount --bind "${file%%=*}" "$root${file#*=}"
done

# The cgroups as the cgroup namespace shows them: with v1, one mount a controller.
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    echo 1 > "$root/sys/fs/cgroup/system/cgroup.procs"
else
    mounts=$(< /proc/mounts) # before there are more of them
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    while read -r _ target kind options _; do
        case $kind,$options in cgroup,*name=*) continue ;; cgroup,*) ;; *) continue ;; esac
        directory=$root/sys/fs/cgroup/${target##*/}
        mkdir "$directory"
        mount -t cgroup -o "${target##*/}" cgroup "$directory"
        echo 1 > "$directory/system/cgroup.procs"
    done <<< "$mounts"
fi

# The kubelet sets these for the whole machine: let it find what it wants and write into a file.
while read -r entry value; do
    file=$root/var/lib/kubecheck-lab/sysctl/${entry//\//.}
    mkdir -p "${file%/*}"
    echo "$value" > "$file"
    [ ! -e "$root/proc/sys/$entry" ] || mount --bind "$file" "$root/proc/sys/$entry"
done <<END
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END

cd "$root"
mkdir -p run/host
pivot_root . run/host
cd /
umount -l /run/host
rmdir /run/host
mount --make-rshared / # as systemd does: the kubelet's mounts must reach containers
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo ready
exec < /dev/null > /dev/null 2>&1
trap 'exit 0' TERM
while true; do # bash reaps whatever is orphaned in the meantime
    sleep infinity &
    wait $! || true
done
