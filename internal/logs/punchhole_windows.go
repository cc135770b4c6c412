package logs

import "os"

// punchHole does nothing: the spool is cut when it is encoded to its end.
func punchHole(*os.File, int64, int64) {}
