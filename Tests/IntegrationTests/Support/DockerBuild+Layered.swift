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
