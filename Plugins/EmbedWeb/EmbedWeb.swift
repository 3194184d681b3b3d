import Foundation
import PackagePlugin

/// Compiles the files of the page into the program, so that one file is all there is to install.
///
/// The tool gets each file as an argument: a file that comes or goes changes the command, a file that is edited is
/// one of its inputs, and so each of these builds the table anew.
@main
struct EmbedWeb: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL.appending(path: "Web")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedWeb.swift")
        let files = try pageFiles(below: root)
        return [
            .buildCommand(
                displayName: "Embedding \(files.count) files of the page",
                executable: try context.tool(named: "embed-web").url,
                arguments: [output.path(), root.path()] + files,
                inputFiles: files.map { root.appending(path: $0) },
                outputFiles: [output]
            )
        ]
    }

    /// Lists what belongs to the page, by paths below `root`: no tests, notes, editors' settings or hidden files.
    private func pageFiles(below root: URL) throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path())
        return paths.filter { path in
            let parts = path.split(separator: "/")
            guard let name = parts.last, !parts.contains(where: { $0.hasPrefix(".") }) else { return false }
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(
                atPath: root.appending(path: path).path(),
                isDirectory: &isDirectory
            )
            return exists && !isDirectory.boolValue
                && !parts.dropLast().contains(where: { ["tests", "node_modules"].contains($0) })
                && !name.hasSuffix(".md") && !["jsconfig.json", "tsconfig.json", "package.json"].contains(name)
        }.sorted()
    }
}
