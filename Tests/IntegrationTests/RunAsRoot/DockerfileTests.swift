import Foundation
import TestSupport
import Testing

/// Tests that compare runAsRoot with the same script on the same base in `docker build`.
@Suite("runAsRoot and Docker's RUN")
struct DockerfileTests {
    private static let script = #"""
        mkdir -p /srv/own && chown 1000:4000000 /srv/own
        echo x > /srv/suid && chown 7:8 /srv/suid && chmod 6755 /srv/suid
        cp /bin/true /srv/cap && setcap cap_net_bind_service+ep /srv/cap
        mknod /srv/null c 1 3; mknod /srv/disk b 259 70000; mkfifo -m 600 /srv/fifo
        rm /etc/issue; rm -r /etc/skel
        rm -r /usr/share/doc && mkdir /usr/share/doc && echo new > /usr/share/doc/new
        rm -r /etc/apt && echo file > /etc/apt
        rm /etc/debian_version && mkdir /etc/debian_version && echo in > /etc/debian_version/in
        mv /usr/share/bug /usr/share/renamed
        mkdir /srv/new && mv /srv/new /srv/newer && echo in > /srv/newer/in
        ln /etc/passwd /srv/passwd; echo linked > /srv/a; ln /srv/a /srv/b; ln /srv/a /srv/own/c; ln -s /nowhere /srv/link
        touch "/srv/it's" '/srv/"q"' '/srv/sp ace' '/srv/ba\ck' /srv/-dash "$(printf '/srv/new\nline')" "$(printf '/srv/bytes\377\200')"
        long=$(printf 'n%.0s' $(seq 200)); mkdir -p /srv/$long/$long; echo long > /srv/$long/$long/$long
        chmod 700 /root; chmod 1777 /mnt; touch /tmp/kept; rm -rf /media
        echo appended >> /etc/profile; chmod 600 /etc/fstab 2> /dev/null || true
        """#

    @Test("Both give the same layer: owners, modes, capabilities, devices, links, names and deletions")
    func sameLayer() throws {
        let docker = try DockerDaemon.shared
        let bench = try RunAsRootBench()
        let base = try DebianBase.archive
        let command = String(decoding: try JSONEncoder().encode(["/bin/sh", "-e", "-c", Self.script]), as: UTF8.self)
        let theirs = try DockerBuild(
            "root/by-docker:1", rootfs: "true", dockerfile: "FROM \(DebianBase.name)\nRUN \(command)\n")
        let ours = try bench.built([
            "name": "root/by-us", "fromImage": base, "runAsRoot": Self.script, "compressor": "none",
        ])
        let (got, wanted) = (try RunAsRootBench.layer(of: ours), try RunAsRootBench.layer(of: theirs.archive))
        #expect(wanted.count > 40)
        #expect(got == wanted)
        try docker.load(ours)
        #expect(try docker.runImage("root/by-us:1", ["getcap", "/srv/cap"]) == "/srv/cap cap_net_bind_service=ep\n")
    }
}
