package wine

import (
	"os"
	"testing"
)

// TestRunning: the lab says which machine it is.
func TestRunning(t *testing.T) {
	if want := os.Getenv("DARUMA_LAB") == "wine"; Running() && !want && os.Getenv("WINEPREFIX") == "" || !Running() && want {
		t.Errorf("Wine: %v, in the lab's machine %q", Running(), os.Getenv("DARUMA_LAB"))
	}
}
