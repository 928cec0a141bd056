/// The text, for bash, of a session in which `fakeRootCommands` runs: it unpacks what the layer holds before, runs the
/// script, and packs what is there then.
///
/// All three are in one session, since what fakeroot has believed is known for as long as it runs. The work directory's file
/// `stage` tells how far it came. Arguments: the work directory, owner and mode of the root, and the script's command.
enum FakeRootSession {
    /// Files of the work directory.
    static let (before, after, stage, layer) = ("before.tar", "after.tar", "stage", "layer")
    /// What stands in `stage` while the script runs.
    static let running = "run"

    /// In the directory of the layer.
    static let inDirectory = start + unpack + runInDirectory + pack
    /// With the image as `/`, in a namespace of mounts and one of processes.
    static let inRoot = start + mount + runInRoot + pack

    private static let start = #"""
        set -e -o pipefail
        work=$1 owner=$2 mode=$3
        shift 3

        # Unpacks a tar into a directory, whatever it says of owners.
        unpack() {
            tar --extract --file="$1" --directory="$2" --preserve-permissions --same-owner --numeric-owner \
                --delay-directory-restore --warning=no-timestamp --xattrs --xattrs-include='*'
        }

        """#

    private static let unpack = #"""
        cd "$work/layer"
        unpack "$work/before.tar" .
        chown "$owner" .
        chmod "$mode" .

        """#

    private static let runInDirectory = #"""
        echo run > "$work/stage"
        # In a process group of its own, so that nothing of it writes to the layer while it is packed.
        set -m
        "$@" < /dev/null &
        script=$! status=0
        wait "$script" || status=$?
        kill -KILL -- "-$script" 2> /dev/null || true
        [ "$status" = 0 ] || exit "$status"

        """#

    private static let mount = #"""
        options=$1 store=$2
        shift 2
        cd "$work"
        mkdir base places places/dev places/proc overlay root
        unpack base.tar base
        rm base.tar
        (
        """# + "\n" + unpack + #"""
            )
            # What is mounted on is in a layer of its own, the lowest, and so in none that is packed.
            mkdir -p "places$store"
            while IFS= read -r -d '' place && IFS= read -r -d '' source; do
                if [ -L "$source" ]; then
                    cp -P "$source" "places$place"
                elif [ -d "$source" ]; then
                    mkdir "places$place"
                else
                    : > "places$place"
                fi
            done < store
            mount -t overlay -o "$options,lowerdir=base:places,upperdir=layer,workdir=overlay" overlay root

            # Whether a path in the image is a directory that no link leads to: a link would be followed on this machine.
            plain() {
                local place=root part parts
                IFS=/ read -r -a parts <<< "$1"
                for part in "${parts[@]}"; do
                    place+=${part:+/$part}
                    if [ -L "$place" ] || [ ! -d "$place" ]; then
                        echo "the image has no directory at ${place#root}, and nothing can be mounted there" >&2
                        exit 1
                    fi
                done
            }

            # A mount may not lose what keeps others safe from it.
            kept() {
                local options
                options=$(findmnt --noheadings --raw --output VFS-OPTIONS --target "$1")
                for option in nosuid nodev noexec noatime nodiratime relatime; do
                    case ",$options," in *,$option,*) printf ',%s' "$option" ;; esac
                done
            }

            plain "$store"
            flags=
            while IFS= read -r -d '' place && IFS= read -r -d '' source; do
                [ -L "root$place" ] && continue
                flags=${flags:-$(kept "$source")}
                mount --bind "$source" "root$place"
                mount -o "remount,bind,ro$flags" "root$place"
            done < store
            plain /proc
            plain /dev
            mount -t proc proc root/proc 2> /dev/null || mount --rbind /proc root/proc
            mount -t tmpfs -o mode=755 tmpfs root/dev
            for device in null zero full random urandom tty; do
                : > "root/dev/$device"
                mount --bind "/dev/$device" "root/dev/$device"
            done
            ln -s /proc/self/fd root/dev/fd
            for number in 0:stdin 1:stdout 2:stderr; do
                ln -s "/proc/self/fd/${number%:*}" "root/dev/${number#*:}"
            done

            """#

    private static let runInRoot = #"""
        script=/dev/fakeRootCommands
        cp "${!#}" "root$script"
        # More than the script itself is a shell of this machine's: the image has its own.
        if [ $# = 1 ]; then set -- "$script"; else set -- /bin/sh -e "$script"; fi
        # The image's PATH has other programs than this machine's, and that of a user may be without the administrator's.
        chroot=$(PATH=$PATH:/usr/sbin:/sbin; type -P chroot)
        mapfile -d '' variables < environment
        echo run > stage
        env -i -- "${variables[@]}" "$chroot" root "$@" < /dev/null
        # All but this one, which is the first of its namespace.
        kill -KILL -1 2> /dev/null || true
        cd layer

        """#

    private static let pack = #"""
        echo pack > "$work/stage"
        # The root has an entry where the script changed it, and only there.
        if [ "$(stat --format='%u:%g %a' .)" = "$owner $mode" ]; then
            find . -mindepth 1 -maxdepth 1 -print0 | sort --zero-terminated
        else
            printf '.\0'
        fi | tar --create --file="$work/after.tar" --format=posix --numeric-owner --sort=name \
            --xattrs --xattrs-include='*' --null --files-from=-

        """#
}
