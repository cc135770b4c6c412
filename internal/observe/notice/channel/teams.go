package channel

import (
	"context"
	"strings"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// teams is a workflow of Microsoft Teams that posts a card when a webhook request is received. The card's texts are TextRuns, which know no
// markdown (adaptivecards.io, TextRun); a mention would need an entity, of which there is none.
type teams struct {
	poster
	address string
}

// teamsLimit is for the texts; a message may have 28 KB.
const teamsLimit = 8 << 10

func (c *teams) Room() int { return 40 }

func (c *teams) Send(ctx context.Context, m notice.Message) error {
	_, err := c.post(ctx, c.address, teamsBody(m), nil)
	return err
}

func teamsBody(m notice.Message) map[string]any {
	m = cleaned(m)
	colours := map[notice.Level]string{notice.Bad: "attention", notice.Good: "good", notice.Neutral: "accent"}
	line := func(run map[string]any) map[string]any {
		run["type"] = "TextRun"
		return map[string]any{"type": "RichTextBlock", "inlines": []any{run}}
	}
	body := []any{line(map[string]any{"text": m.Title, "weight": "bolder", "size": "medium", "color": colours[m.Level]})}
	for s := range strings.SplitSeq(text(m, teamsLimit), "\n") {
		if s == "" {
			continue
		}
		run := map[string]any{"text": s}
		if strings.HasPrefix(s, "    ") || strings.HasPrefix(s, "$ ") {
			run["fontType"] = "monospace"
		}
		body = append(body, line(run))
	}
	return map[string]any{
		"type": "message",
		"attachments": []any{map[string]any{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content": map[string]any{
				"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body,
			},
		}},
	}
}
