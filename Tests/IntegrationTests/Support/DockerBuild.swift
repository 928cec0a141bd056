import TestSupport

/// An image that Docker's own builder built, and its archive from `docker save`.
struct DockerBuild {
    let name: String
    /// The path of the archive.
    let archive: String
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - rootfs: a script that writes `rootfs.tar` and the other files of the build context.
    ///   - dockerfile: the Dockerfile; it adds `rootfs.tar`.
    init(_ name: String, rootfs: String, dockerfile: String) throws {
        directory = try TemporaryDirectory()
        self.name = name
        archive = directory.path("image.tar")
        let docker = try DockerDaemon.shared
        try Program.output(["bash", "-e", "-c", rootfs], in: directory.path)
        try directory.write(Array(dockerfile.utf8), to: "Dockerfile")
        try docker.output(["build", "--quiet", "--network", "none", "--tag", name, directory.path])
        try docker.output(["save", "--output", archive, name])
    }
}

extension DockerBuild {
    /// An image that Docker's own builder built, as real base images are, and its archive from `docker save`.
    ///
    /// `/bin` is a link to `usr/bin`, as in Debian; the second layer changes modes and owners and adds files; the third
    /// deletes files, and replaces a directory with a file.
    static var base: DockerBuild { get throws { try baseMade.get() } }

    private static let baseMade = Result {
        try DockerBuild("base/of-docker:1", rootfs: rootfsOfBase, dockerfile: dockerfileOfBase)
    }

    private static let rootfsOfBase = """
        mkdir -p root/usr/bin root/etc/dir root/etc/empty root/tmp
        cp /bin/busybox root/usr/bin/busybox
        for applet in sh ls cat stat rm mkdir chown chmod ln echo id readlink find; do
            ln -s busybox root/usr/bin/$applet
        done
        ln -s usr/bin root/bin
        echo one > root/etc/one; echo gone > root/etc/removed; echo inner > root/etc/dir/inner
        chmod 1777 root/tmp; chmod 700 root/etc/empty; cp root/etc/one root/usr/bin/suid
        tar --owner 0 --group 0 --mtime @1000000000 -C root -cf rootfs.tar .
        rm -r root
        """

    private static let dockerfileOfBase = """
        FROM scratch
        ADD rootfs.tar /
        ENV PATH=/usr/bin BASE=of-docker
        RUN mkdir /data && chown 1000:1001 /data && chmod 4755 /usr/bin/suid && chmod 750 /etc/empty && echo two > /etc/two
        RUN rm -r /etc/dir && echo file > /etc/dir && rm /etc/removed
        LABEL from=docker
        CMD ["cat", "/etc/one"]
        """
}

extension DockerBuild {
    /// An image from Docker's own builder whose layers change the contents of lower layers in every possible way, and
    /// its archive from `docker save`.
    static var layered: DockerBuild { get throws { try layeredMade.get() } }

    private static let layeredMade = Result {
        try DockerBuild("layered/by-docker:1", rootfs: rootfsOfLayered, dockerfile: dockerfileOfLayered)
    }

    private static let rootfsOfLayered = """
        mkdir -p root/bin root/caps root/gone/deep root/turns/directory copied
        cp /bin/busybox root/bin/busybox; for applet in sh ln; do ln -s busybox root/bin/$applet; done
        cp /bin/busybox root/caps/ping; setcap cap_net_raw+ep root/caps/ping
        echo 1 > root/gone/deep/file; echo 2 > root/turns/directory/inner; echo 3 > root/turns/file; ln -s file root/turns/link
        echo 4 > root/one; ln root/one root/two; ln root/one root/turns/three
        tar --owner 0 --group 0 --mtime @1000000000 --xattrs --xattrs-include 'security.*' -C root -cf rootfs.tar bin caps \
            gone turns one two
        echo copied > copied/a; chmod 640 copied/a; ln -s /absolute/target copied/link; touch -d @-5 copied/old
        rm -r root
        """

    private static let dockerfileOfLayered = #"""
        FROM scratch
        ADD rootfs.tar /
        COPY copied /copied
        RUN ["/bin/busybox", "--install", "-s", "/bin"]
        RUN rm -r /gone && rm /copied/a
        RUN rm -r /turns/directory && echo file > /turns/directory && rm /turns/file && mkdir /turns/file && echo in > /turns/file/in \
            && rm /turns/link && mkdir /turns/link
        RUN rm /turns/directory && mkdir /turns/directory && echo again > /turns/directory/other && rm -r /turns/link && ln -s .. /turns/link
        RUN mkdir /owned && chown 1000:4000000 /owned && echo x > /owned/suid && chown 7:8 /owned/suid && chmod 6755 /owned/suid \
            && mkdir -m 1777 /owned/tmp
        RUN mkdir /links && echo linked > /links/z && ln /links/z /links/a && ln /links/z /owned/linked && ln -s z /links/soft
        RUN chmod 600 /links/z
        RUN rm /links/z && rm /one
        RUN mkdir /devices && mknod /devices/null c 1 3 && mknod /devices/disk b 259 70000 && mkfifo -m 600 /devices/fifo
        RUN long=$(printf 'n%.0s' $(seq 200)) && mkdir -p /odd/$long/$long && echo long > /odd/$long/$long/$long \
            && ln /odd/$long/$long/$long /odd/$long/hard && ln -s /$long /odd/$long/soft && ln -s ../$long/ü "/odd/sp ace" \
            && echo u > /odd/ümläut && touch "$(printf '/odd/new\nline')" "$(printf '/odd/bytes\377\200')" '/odd/ba\ck' '/odd/-dash'
        RUN chmod 700 /odd && chown 5:6 /bin/sh && rm -rf /copied && mkdir /copied && echo new > /copied/new
        """#
}
