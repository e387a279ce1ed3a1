import sys
from libzim.writer import Creator, Item, StringProvider, Hint
import base64
class I(Item):
    def __init__(s,path,title,mime,content,front=False):
        super().__init__(); s.a=(path,title,mime,content,front)
    def get_path(s): return s.a[0]
    def get_title(s): return s.a[1]
    def get_mimetype(s): return s.a[2]
    def get_contentprovider(s): return StringProvider(s.a[3])
    def get_hints(s): return {Hint.FRONT_ARTICLE: s.a[4]}
png=base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGNkaPjPgA0wYRUdtBIAJhYBkYqV8ZcAAAAASUVORK5CYII=")
head='<!doctype html><html lang="zh"><head><meta name="viewport" content="width=device-width"><title>%s</title><link rel="stylesheet" href="../look/look.css"></head><body>'
def page(t,b): return (head%t)+"<h1>%s</h1>%s</body></html>"%(t,b)
big="<p>"+"。".join("第%d段:雪莲生长在高山流石滩上"%n for n in range(400))+"</p>"
with Creator(sys.argv[1]).config_indexing(False,"zho").set_mainpath("herbs/index") as c:
    for k,v in {"Title":"藏草药小百科","Description":"雪莲、红景天与大黄","Language":"zho,bod","Creator":"Zampa","Publisher":"Zampa","Name":"herbs","Date":"2026-11-01","License":"CC0-1.0"}.items(): c.add_metadata(k,v)
    c.add_item(I("herbs/index","藏草药","text/html",page("藏草药",'<ul><li><a href="雪莲">雪莲</a></li><li><a href="rhodiola?x">红景天</a></li><li><a href="old">大黄(旧名)</a></li></ul><p id="s"></p><script>document.getElementById("s").textContent="脚本已运行"</script>'),True))
    c.add_item(I("herbs/雪莲","雪莲 · གངས་ལྷ་མེ་ཏོག","text/html",page("雪莲",'<p>高山 · རི་མཐོན་པོ།</p><img src="../pictures/leaf.png" alt="叶" width="80">'+big),True))
    c.add_item(I("herbs/rhodiola?x","红景天 Rhodiola","text/html",page("红景天","<p>高原植物</p>"),True))
    c.add_item(I("plants/大黄","大黄","text/html",page("大黄",'<p>根入药</p><p><a href="../herbs/index">回到目录</a></p>'),True))
    c.add_redirection("herbs/old","大黄旧名","plants/大黄",{})
    c.add_item(I("look/look.css","","text/css","body{color:rgb(10,80,90);font:20px/1.9 sans-serif;margin:16px}"))
    c.add_item(I("pictures/leaf.png","","image/png",png))
