// Package wine tells Wine from Windows. Daruma's Windows tests run under Wine, and a few people run services there; where Wine lacks
// something or does it differently, the code that works around it asks here and says what Wine does. On Windows nothing may depend
// on it.
package wine

// Running tells whether this process runs under Wine; never on Linux.
func Running() bool { return running() }
