import Testing
// placeholder
