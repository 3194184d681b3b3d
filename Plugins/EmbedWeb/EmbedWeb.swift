import Foundation
import PackagePlugin

/// Compiles the files of the page into the program, so that one file is all there is to install.
///
/// The folders are inputs beside the files, since the date of a folder tells that files came or went: the plugin
/// itself does not run again before the package is planned anew.
@main
struct EmbedWeb: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL.appending(path: "Web").resolvingSymlinksInPath()
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedWeb.swift")
        let contents = try FileManager.default.subpathsOfDirectory(atPath: root.path())
        return [
            .buildCommand(
                displayName: "Embedding the page",
                executable: try context.tool(named: "embed-web").url,
                arguments: [root.path(), output.path()],
                inputFiles: [root] + contents.map { root.appending(path: $0) },
                outputFiles: [output]
            )
        ]
    }
}
