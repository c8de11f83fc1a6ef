// Documents made for the tests.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, here, run } from "./support.mjs";

/** A Python that has libzim: as ./test says, or made now. */
const python = async () => process.env.LAMPION_TEST_PYTHON ?? (await run(join(here, "../../scripts/test-python"))).stdout.trim();

/** A PDF of one page with one line of text (ISO 32000-1 §7.5). */
const pdf = (line) => {
  const drawn = `BT /F1 24 Tf 72 700 Td (${line}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    "<< /Title (Wells and pumps) /Author (Amina Diallo) >>",
  ];
  let out = "%PDF-1.4\n";
  const places = objects.map((object, i) => {
    const at = out.length;
    out += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("")}`;
  return `${out}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n${table}\n%%EOF\n`;
};

/** Writes everything into a folder and returns the paths. */
export const makeFixtures = async (folder) => {
  const write = (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const zim = join(folder, "valley.zim");
  await run(await python(), [join(here, "make_zim.py"), zim], { env: environment });
  return {
    zim,
    pdf: write("wells.pdf", pdf("How to keep a hand pump working")),
    markdown: write("seeds.md", "# Keeping seeds\n\nDry the seeds in the shade and keep them in a clay jar. See [pumps](wells.pdf).\n\n| Seed | Days |\n| --- | --- |\n| Millet | 90 |\n"),
    late: write("bees.md", "# Bees\n\nA hive in a hollow log gives honey twice a year.\n"),
    csv: write("books.csv", "title,author,year,language,subject\nThe mango tree,\"Rao, Meera\",1998,en,Orchards\nMountain weather,\"Kim, Jiwoo\",2011,en,Weather\nRiver crossings,\"Rao, Meera\",2004,en,Rivers\n"),
  };
};
