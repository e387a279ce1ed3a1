use std::fs;
use std::path::{Path, PathBuf};

use assets::Tool;
use fonts::TIBETAN;

use crate::RenditionError;
use crate::programs::program;

/// Fonts for names that a plateau school's slides bring and a server does not have: simplified Chinese glyphs before the
/// Japanese ones that a wide font would give, and a Tibetan serif for Windows' own.
const FONTS: &str = r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir>{letters}</dir>
<alias binding="strong"><family>sans-serif</family><prefer><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="strong"><family>Noto Sans CJK JP</family><prefer><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>SimSun</family><prefer><family>Noto Serif CJK SC</family><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>宋体</family><prefer><family>Noto Serif CJK SC</family><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>SimHei</family><prefer><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>黑体</family><prefer><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>Microsoft YaHei</family><prefer><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>微软雅黑</family><prefer><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>楷体</family><prefer><family>Noto Serif CJK SC</family><family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="same"><family>Microsoft Himalaya</family><prefer><family>Noto Serif Tibetan</family></prefer></alias>
</fontconfig>
"#;

/// Has LibreOffice turn a document into a PDF: without macros, with a profile of its own, and nothing of this machine's
/// settings.
pub(crate) fn to_pdf(file: &Path, work: &Path) -> Result<PathBuf, RenditionError> {
    let (fonts, letters) = (work.join("fonts.conf"), work.join("letters"));
    fs::create_dir_all(&letters)?;
    // Few machines have Tibetan: it would be boxes.
    for (n, font) in TIBETAN.into_iter().enumerate() {
        fs::write(letters.join(format!("tibetan-{n}.ttf")), font)?;
    }
    fs::write(&fonts, FONTS.replace("{letters}", &letters.display().to_string()))?;
    let made = work.join("pdf");
    fs::create_dir_all(&made)?;
    let profile = format!("-env:UserInstallation=file://{}", work.join("profile").display());
    let status = program(Tool::Soffice)?
        .args([&profile, "--headless", "--norestore", "--nolockcheck", "--convert-to", "pdf", "--outdir"])
        .arg(&made)
        .arg(file)
        .env("FONTCONFIG_FILE", &fonts)
        .env("HOME", work)
        .env("LC_ALL", "C.UTF-8")
        .env("SAL_DISABLE_OPENCL", "1")
        .status()?;
    let found = fs::read_dir(&made)?
        .filter_map(Result::ok)
        .map(|f| f.path())
        .find(|p| p.extension().is_some_and(|e| e == "pdf"));
    // What it cannot open it answers with success and no file.
    found.filter(|_| status.success()).ok_or(RenditionError::Broken)
}
