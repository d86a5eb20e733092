// What Next asks of every app.
export default ({ children }) => (
  <html lang="en">
    <body>{children}</body>
  </html>
);
