import Testing

@testable import DockerTools

@Suite struct SpecSchemaTests {
    private let schema = SpecSchema.value

    @Test func everyKeyIsInTheSchema() {
        #expect(
            Set(schema["properties"]?.object?.keys ?? [:].keys) == [
                "name", "tag", "fromImage", "fromImageName", "fromImageTag", "contents", "copyToRoot", "config",
                "annotations",
                "created",
                "mtime", "architecture", "variant", "uid", "gid", "uname", "gname", "inheritConfig", "extraCommands",
                "fakeRootCommands", "enableFakechroot", "runAsRoot", "diskSize", "buildVMMemorySize",
                "keepContentsDirlinks", "maxLayers", "layering", "includeStorePaths", "includeNixDB", "closure",
                "storeDir",
                "storeRoot", "compressor", "imageName", "imageDigest", "sha256", "hash", "finalImageName",
                "finalImageTag", "os", "arch", "tlsVerify",
            ])
    }

    @Test func wholeIsOneStrictObject() {
        #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["type"] == "object")
        #expect(schema["additionalProperties"] == false)
        #expect(
            schema["anyOf"] == [["required": ["name"]], ["required": ["imageName"]], ["required": ["fromImage"]]])
        #expect(
            schema["allOf"] == [
                ["not": ["required": ["contents", "copyToRoot"]]], ["not": ["required": ["sha256", "hash"]]],
            ])
    }

    @Test func keysCarryRangesChoicesAndDefaults() {
        let properties = schema["properties"]
        #expect(
            properties?["maxLayers"] == [
                "anyOf": [["type": "integer", "minimum": 2, "maximum": 125], ["type": "null"]], "default": 100,
                "description": .string(
                    "The maximum number of layers, with those of the base and the customization layer. For layered, "
                        + "stream."),
            ])
        #expect(properties?["uid"]?["anyOf"]?.array?.first?["maximum"] == 4_294_967_294)
        #expect(properties?["compressor"]?["anyOf"]?.array?.first?["enum"] == ["none", "gz", "zstd"])
        #expect(properties?["layering"]?["default"] == "popularity")
        #expect(properties?["created"]?["default"] == "1970-01-01T00:00:01Z")
        #expect(properties?["tag"]?["anyOf"]?.array?.last == ["type": "null"])
        #expect(properties?["tag"]?["default"] == .null)
        #expect(
            properties?["copyToRoot"]?["description"]?.string
                == "Another name of contents. Store paths, directories or files whose files appear in the root of the "
                + "image. For build, layered, stream.")
        #expect(properties?["runAsRoot"]?["description"]?.string?.hasSuffix("For build.") == true)
        #expect(properties?["includeNixDB"]?["description"]?.string?.hasSuffix("Not implemented yet.") == true)
    }

    @Test func configIsOpenAndItsFieldsMayBeNull() {
        let config = schema["properties"]?["config"]?["anyOf"]?.array?.first
        #expect(config?["additionalProperties"] == true)
        #expect(config?["properties"]?.object?.count == 28)
        #expect(
            config?["properties"]?["Cmd"]?["anyOf"]
                == [["type": "array", "items": ["type": "string"]], ["type": "null"]])
        #expect(
            config?["properties"]?["ExposedPorts"]?["anyOf"]?.array?.first == [
                "type": "object", "additionalProperties": ["type": "object"],
                "propertyNames": ["pattern": "^[0-9]{1,5}(/(tcp|udp|sctp))?$"],
            ])
    }

    @Test func everyKeyMayBeNull() {
        for (name, property) in schema["properties"]?.object ?? [:] {
            #expect(property["anyOf"]?.array?.last == ["type": "null"], "\(name)")
        }
    }

    @Test func everyDefaultIsOfItsKeysType() {
        for key in SpecKey.table {
            guard let value = key.defaultValue else { continue }
            var report = SpecReport()
            key.type.check(value, at: SpecPath(key.name), &report)
            #expect(report.issues.isEmpty)
        }
    }
}
