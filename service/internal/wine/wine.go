// Package wine tells Wine from Windows. Tests of this module run under Wine, and a few people run services there. Code that works
// around what Wine lacks asks here, and says what that is. On Windows nothing may depend on it.
package wine

// Running reports whether this process runs under Wine.
func Running() bool { return running() }
