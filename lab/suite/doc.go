// Package suite runs the module's own tests inside the lab's machines: the Windows test binaries, unchanged, under Wine's Service
// Control Manager, and the Linux ones where systemd has booted. What a test skipped in there is printed as a table, so that what
// wasn't shown is named; a skip for a reason that isn't the machine's is a failure with DARUMA_CI=1.
package suite
