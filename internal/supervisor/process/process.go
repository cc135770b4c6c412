// Package process sets up what this process does on signals and where it writes its stacks when it
// crashes.
package process

// IgnoreOutputSignals keeps signals about output and the console from ending this process.
func IgnoreOutputSignals() { ignoreOutputSignals() }
