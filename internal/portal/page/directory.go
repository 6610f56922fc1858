package page

import "strings"

// schemaDirectory is how the schemas of Microsoft Entra ID, and so all that clients of
// the API read, name the directory that people come from.
const schemaDirectory = "Azure Active Directory"

// DirectoryName is how pages name it: it is Usher's own, whatever fills it.
const DirectoryName = "Usher directory"

// NamingDirectory returns a text of the log or of a schema as pages show it, with the
// name of the directory that administrators know. Documents and downloads stay as they
// are: others read them.
func NamingDirectory(text string) string {
	return strings.ReplaceAll(text, schemaDirectory, DirectoryName)
}
