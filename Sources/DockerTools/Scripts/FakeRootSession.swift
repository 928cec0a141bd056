/// The bash text of a session in which `fakeRootCommands` runs: it unpacks the files of the layer, runs the script and
/// packs the files again.
///
/// In the layer's directory all three run in one session, because fakeroot remembers owners and devices only while it
/// runs. The file `stage` in
/// the work directory has the stage that the session reached. Arguments: the work directory, the owner and the mode of
/// the root, and the script's command.
enum FakeRootSession {
    /// Files of the work directory.
    static let (before, after, stage, layer) = ("before.tar", "after.tar", "stage", "layer")
    /// The content of `stage` while the script runs.
    static let running = "run"

    /// Runs the script in the directory of the layer.
    static let inDirectory = start + unpack + runInDirectory + pack
    /// Makes the image's root, in which the program then runs the script itself: no program of this machine gets the
    /// image's environment.
    static let inRoot = start + mount + handOver
    /// Packs the layer of a script that had the image as `/`. Its arguments are the work directory, the owner and the mode.
    static let afterRoot = start + "cd \"$work/layer\"\n" + pack

    private static let start = #"""
        set -e -o pipefail
        work=$1 owner=$2 mode=$3
        shift 3

        # Unpacks a tar into a directory, with its owners and modes.
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
        # The script has its own process group, so that none of its processes writes to the layer while it is packed.
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
            # The mount points are in a lower layer of their own, so they are not packed.
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
            mount -t overlay -o "nodev,$options,lowerdir=base:places,upperdir=layer,workdir=overlay" overlay root

            # Checks that a path in the image is a directory without links on its way: a link would be followed on this
            # machine.
            check_directory() {
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

            # Prints the restrictions of the mount of a path: a new mount of it has to keep them.
            restrictions() {
                local options
                options=$(findmnt --noheadings --raw --output VFS-OPTIONS --target "$1")
                for option in nosuid nodev noexec noatime nodiratime relatime; do
                    case ",$options," in *,$option,*) printf ',%s' "$option" ;; esac
                done
            }

            check_directory "$store"
            flags=
            while IFS= read -r -d '' place && IFS= read -r -d '' source; do
                [ -L "root$place" ] && continue
                flags=${flags:-$(restrictions "$source")}
                mount --bind "$source" "root$place"
                mount -o "remount,bind,ro,nodev$flags" "root$place"
            done < store
            check_directory /proc
            check_directory /dev
            mount --rbind /proc root/proc
            mount -t tmpfs -o nodev,mode=755 tmpfs root/dev
            for device in null zero full random urandom tty; do
                : > "root/dev/$device"
                mount --bind "/dev/$device" "root/dev/$device"
            done
            ln -s /proc/self/fd root/dev/fd
            for number in 0:stdin 1:stdout 2:stderr; do
                ln -s "/proc/self/fd/${number%:*}" "root/dev/${number#*:}"
            done

            """#

    private static let handOver = #"""
        cp "${!#}" root/dev/fakeRootCommands
        echo run > stage

        """#

    private static let pack = #"""
        echo pack > "$work/stage"
        # The root gets an entry only if the script changed it.
        if [ "$(stat --format='%u:%g %a' .)" = "$owner $mode" ]; then
            find . -mindepth 1 -maxdepth 1 -print0 | sort --zero-terminated
        else
            printf '.\0'
        fi | tar --create --file="$work/after.tar" --format=posix --numeric-owner --sort=name \
            --xattrs --xattrs-include='*' --null --files-from=-

        """#
}
