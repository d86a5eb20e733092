// The two browsers as a person's hands and eyes: open a page, click, type, draw, look. What differs between their
// drivers ends here.
import { existsSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const chromiums = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const firefoxes = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
const start = { width: 1280, height: 900 };

/** The browsers of this machine, or what is missing of them. */
export const browsers = [
  { name: "Chromium", path: chromiums.find(existsSync), wants: "apt-get install chromium", open: openChromium },
  { name: "Firefox", path: firefoxes.find(existsSync), wants: "apt-get install firefox-esr", open: openFirefox },
];

async function openChromium(path) {
  const { chromium } = await import("playwright-core");
  // Its sandbox needs a user of its own.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: path, args });
  const context = await browser.newContext({ viewport: start });
  const errors = [];
  const open = async () => chromiumTab(await context.newPage(), errors, open);
  return { ...(await open()), close: () => browser.close() };
}

function chromiumTab(page, errors, another) {
  return {
    ...common(page, errors),
    another,
    choose: (selector, value) => page.selectOption(selector, value),
    resize: (width, height) => page.setViewportSize({ width, height }),
    dress: (colorScheme) => page.emulateMedia({ colorScheme }),
    upload: (selector, file) => page.setInputFiles(selector, file),
    async download(selector) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
      const file = join(mkdtempSync(join(tmpdir(), "studio-")), download.suggestedFilename());
      await download.saveAs(file);
      return file;
    },
    devtools: () => page.context().newCDPSession(page),
  };
}

async function openFirefox(path) {
  const { default: puppeteer } = await import("puppeteer-core");
  const folder = mkdtempSync(join(tmpdir(), "studio-"));
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: path,
    headless: true,
    extraPrefsFirefox: {
      "browser.download.folderList": 2,
      "browser.download.dir": folder,
      "browser.download.useDownloadDir": true,
      // Its panel would take the keyboard from the page.
      "browser.download.alwaysOpenPanel": false,
      "browser.download.always_ask_before_handling_new_types": false,
    },
  });
  const errors = [];
  const open = async () => {
    const page = await browser.newPage();
    await page.setViewport(start);
    return firefoxTab(page, errors, folder, open);
  };
  return { ...(await open()), close: () => browser.close() };
}

function firefoxTab(page, errors, folder, another) {
  return {
    ...common(page, errors),
    another,
    choose: (selector, value) => page.select(selector, value),
    resize: (width, height) => page.setViewport({ width, height }),
    async upload(selector, file) {
      await (await page.$(selector)).uploadFile(file);
    },
    async download(selector) {
      const before = new Set(readdirSync(folder));
      await page.click(selector);
      // While it comes, its bytes are in a file of their own beside an empty one.
      const isWhole = (name) => !name.endsWith(".part") && statSync(join(folder, name)).size > 0;
      const isNew = (name) => !before.has(name) && isWhole(name);
      for (let tries = 0; tries < 100; tries++) {
        const name = readdirSync(folder).find(isNew);
        if (name) return join(folder, name);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error("the download must have come within 10 s, got none");
    },
    devtools: undefined,
  };
}

/** What both drivers name alike. */
function common(page, errors) {
  page.on("pageerror", (error) => errors.push(error.message));
  return {
    close: () => page.close(),
    errors,
    goto: (address) => page.goto(address),
    reload: () => page.reload(),
    click: (selector) => page.click(selector),
    write: (text) => page.keyboard.type(text),
    /** A key, perhaps with others held down: "Tab", "Shift+Tab". */
    async press(keys) {
      const [key, ...held] = keys.split("+").reverse();
      for (const other of held) await page.keyboard.down(other);
      await page.keyboard.press(key);
      for (const other of held) await page.keyboard.up(other);
    },
    mouse: page.mouse,
    ask: (f, given) => page.evaluate(f, given),
    screenshot: (path) => page.screenshot({ path }),
  };
}
