// Package dashboard looks at the pages of package status with a real browser: it clicks, types, switches scripts off, and takes
// pictures. The tests need Chromium, and axe-core for what assistive technology needs. Without them they are skipped, or fail if
// TOCSIN_REQUIRE_BROWSER is set. TOCSIN_AXE is the path of axe.min.js.
package dashboard
