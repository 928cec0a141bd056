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
