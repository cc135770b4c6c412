package main

import "strings"

// target is a system and a processor.
type target struct {
	os, arch, arm string // as GOOS, GOARCH, GOARM
}

func targets() []target {
	return []target{
		{"linux", "amd64", ""}, {"linux", "arm64", ""}, {"linux", "arm", "7"},
		{"windows", "amd64", ""}, {"windows", "arm64", ""},
	}
}

// String is linux/amd64, and linux/armv7 for 32-bit ARM.
func (t target) String() string { return t.os + "/" + t.processor() }

func (t target) processor() string {
	if t.arm != "" {
		return t.arch + "v" + t.arm
	}
	return t.arch
}

// exe is the end of an executable's name.
func (t target) exe() string {
	if t.os == "windows" {
		return ".exe"
	}
	return ""
}

func named(name string) (target, bool) {
	for _, t := range targets() {
		if t.String() == name {
			return t, true
		}
	}
	return target{}, false
}

func names() string {
	var all []string
	for _, t := range targets() {
		all = append(all, t.String())
	}
	return strings.Join(all, ", ")
}
