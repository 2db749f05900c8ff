/** A site for Hugo, with what sites have: pages and sections, tags, a theme, data, styles, and files that are copied. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes one of `posts` posts to `folder`. */
export function writeSite(folder: string, posts: number): void {
  const put = (name: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  put(
    "config.toml",
    'baseURL = "https://example.org/"\nlanguageCode = "en"\ntitle = "Far away"\ntheme = "plain"\npaginate = 7\n[taxonomies]\n  tag = "tags"\n',
  );
  put("data/people.yaml", "- name: Ada\n  born: 1815\n- name: Grace\n  born: 1906\n");
  put("content/_index.md", "---\ntitle: Home\n---\nWelcome, *whoever* you are.\n");
  for (let index = 0; index < posts; index++) put(`content/posts/post-${index}/index.md`, postText(index));
  for (let index = 0; index < posts; index += 5)
    put(`content/posts/post-${index}/picture.bin`, Buffer.alloc(20_000 + index, index));
  const theme = "themes/plain";
  put(`${theme}/theme.toml`, 'name = "plain"\n');
  put(`${theme}/layouts/_default/baseof.html`, baseText);
  put(
    `${theme}/layouts/_default/single.html`,
    '{{ define "main" }}<h1>{{ .Title }}</h1>{{ .TableOfContents }}{{ .Content }}{{ range .Resources }}<a href="{{ .RelPermalink }}">{{ .Name }}</a>{{ end }}{{ end }}\n',
  );
  put(
    `${theme}/layouts/_default/list.html`,
    '{{ define "main" }}{{ .Content }}{{ range (.Paginate .Pages).Pages }}{{ partial "teaser.html" . }}{{ end }}{{ template "_internal/pagination.html" . }}{{ end }}\n',
  );
  put(
    `${theme}/layouts/partials/teaser.html`,
    '<article><a href="{{ .RelPermalink }}">{{ .Title }}</a> {{ .Date.Format "2006-01-02" }} {{ .WordCount }}</article>\n',
  );
  put(
    `${theme}/layouts/shortcodes/people.html`,
    "<ul>{{ range site.Data.people }}<li>{{ .name }} {{ .born }}</li>{{ end }}</ul>\n",
  );
  put(
    `${theme}/assets/css/main.scss`,
    "$colour: #336699;\nbody { main { margin: 0 auto; a { color: darken($colour, 10%); } } }\n",
  );
  put(`${theme}/static/robots.txt`, "User-agent: *\n");
  put("static/big.dat", Buffer.alloc(900_000, "0123456789abcdef"));
}

const baseText = `<!doctype html><html lang="{{ site.Language.Lang }}"><head><title>{{ .Title }}</title>
{{ $style := resources.Get "css/main.scss" | toCSS | minify | fingerprint }}<link rel="stylesheet" href="{{ $style.RelPermalink }}">
</head><body><main>{{ block "main" . }}{{ end }}</main></body></html>
`;

const postText = (index: number): string => `---
title: "Post ${index}"
date: 2021-0${(index % 9) + 1}-11T10:00:00Z
tags: [tag${index % 4}, tag${index % 11}]
---
## A heading

Text of post ${index}, \`with code\` and [a link]({{< relref "posts/post-${index === 0 ? 0 : index - 1}" >}}).

## Another

{{< people >}}

\`\`\`go
func main() { println(${index}) }
\`\`\`
`;
