// Package chart draws charts as SVG: bars stacked over time, lines, and bars beside
// names. They are pictures of numbers and nothing else: pure functions of a [Spec].
//
// A [Figure] is what a page shows: {{template "chart" .Figure}} gives the drawing with a
// title and a description for screen readers, its legend, and a table with the numbers
// behind it. [Files] has the template part, for page.Parse. [Figure.WriteCSV] gives the
// same numbers to a spreadsheet.
//
// What a colour says, a pattern, a dash or a shape says too. The colours are classes of
// portal.css, so that they hold in dark mode; a drawing has no style of its own, and no
// script.
package chart
