import Foundation
import TestSupport
import Testing

@Suite("Protected directories in contents")
struct ProtectedContentsTests {
    private let machine: TestMachine

    init() throws {
        machine = try TestMachine()
        try machine.write("conf", to: "tree/etc/app/conf")
        try machine.spec(["contents": ["tree"], "extraCommands": "echo more > etc/app/more; chmod 700 etc"])
        let prepare = "chmod 444 tree/etc/app/conf; chmod 555 tree/etc/app tree/etc tree; chmod a+rwx . out tmp cache"
        try #require(try machine.shell(prepare).status == 0)
        try #require(try machine.shell("cp $DOCKERTOOLS program; chmod a+rx program").status == 0)
    }

    @Test("extraCommands change them for any user", arguments: [true, false])
    func anyUser(hasNamespace: Bool) throws {
        let user = "setpriv --reuid 65534 --regid 65534 --clear-groups"
        let path = hasNamespace ? "$PATH" : "$PWD/bin:$PATH"
        try machine.write("#!/bin/sh\nexit 1\n", to: "bin/unshare")
        try #require(try machine.shell("chmod -R a+rx bin").status == 0)
        for verb in ["build", "layered"] {
            let command = "./program \(verb) spec.json --quiet -o -"
            let root = try machine.shell(command)
            #expect(root.status == 0, "\(root.errors)")
            let other = try machine.shell("PATH=\(path) HOME=/ exec \(user) \(command)")
            #expect(other.status == 0, "\(other.errors)")
            #expect(other.output == root.output)
        }
        #expect(try machine.leftovers == [])
    }
}
