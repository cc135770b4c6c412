// Package timeline draws what the observer remembers, as parts of a page: a timeline of falls, charts of what a program used over a day, and
// tables of availability.
//
// Its functions are pure: the same input gives the same text. They give HTML with SVG in it, without any style or script within: a stylesheet knows
// its classes, all of which begin with tl-. Whatever somebody else wrote (names, causes) is one line without control characters, and escaped. How much
// is drawn is bounded by the width of the drawing, not by what there is to draw: what would lie closer together than a few pixels is one bar.
//
// Each bar is a link with a title in words, which a screen reader reads and a keyboard reaches; colour says nothing that height and words don't.
package timeline
