import Foundation

/// How the device's files lie on Apple's systems.
enum FileProtection {
    /// Makes a folder whose files are in no backup and can be read from the first unlock on: pushes come
    /// while the screen is locked.
    static func prepare(_ folder: URL) throws {
        var folder = folder
        var attributes: [FileAttributeKey: Any] = [:]
        #if os(iOS)
        attributes[.protectionKey] = FileProtectionType.completeUntilFirstUserAuthentication
        #endif
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: attributes)
            // One that was there before may have another class. Files that are made in it get its own.
            try FileManager.default.setAttributes(attributes, ofItemAtPath: folder.path)
            var values = URLResourceValues()
            values.isExcludedFromBackup = true
            try folder.setResourceValues(values)
        } catch {
            throw VestnikError.storage(.other, detail: "the folder cannot be made: \(error.localizedDescription)")
        }
    }
}
