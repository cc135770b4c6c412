package charset

// Linux has no code pages of its own.

func systemCodePage(string) int { return 0 }

func systemHas(int) bool { return false }

func systemDecode(_ int, text []byte) []byte { return text }
