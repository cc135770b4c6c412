package unitfile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// checksumMark begins the line with the SHA-256 of what follows it, in hex.
const checksumMark = "# SHA-256 of these settings: "

func checksum(settings string) string {
	sum := sha256.Sum256([]byte(settings))
	return hex.EncodeToString(sum[:])
}

// Untouched reports whether the settings of a unit file are still those that daruma wrote, by the file's own checksum. A difference
// from what daruma would write now then comes from daruma, an older or a newer one, and not from a person. A file without a
// checksum counts as touched.
func Untouched(text string) bool {
	_, rest, found := strings.Cut(text, "\n"+checksumMark)
	if !found || !strings.HasPrefix(text, Mark) {
		return false
	}
	sum, settings, _ := strings.Cut(rest, "\n")
	return sum == checksum(settings)
}
