package definition

import _ "embed"

// schema is written by hand; schema_test.go holds it and the decoder together. It is a string of the binary's read-only
// part, so it costs no memory until it is printed.
//
//go:embed schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of definitions, for editors.
func Schema() string { return schema }
