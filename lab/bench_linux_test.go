package lab

import "testing"

// The figures in docs/lab.md: go test -run '^$' -bench . -benchtime 3x ./lab

func BenchmarkStartWindows(b *testing.B) {
	for b.Loop() {
		Windows(b)
	}
}

func BenchmarkStartLinux(b *testing.B) {
	for b.Loop() {
		Linux(b)
	}
}

func BenchmarkStartKernel(b *testing.B) {
	for b.Loop() {
		Kernel(b)
	}
}

func BenchmarkCommandOnWindows(b *testing.B) {
	m := Windows(b)
	for b.Loop() {
		m.Output(`C:\windows\system32\cmd.exe`, "/c", "ver")
	}
}

func BenchmarkCommandOnLinux(b *testing.B) {
	m := Linux(b)
	for b.Loop() {
		m.Output("true")
	}
}

func BenchmarkCommandOnKernel(b *testing.B) {
	m := Kernel(b)
	for b.Loop() {
		m.Output("true")
	}
}
