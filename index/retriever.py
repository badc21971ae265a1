"""The library as a langchain-core retriever, for chains and agents that want one."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, SkipValidation

from assistant.index.evidence import LibraryRetriever
from assistant.types import Filters


class PaperRetriever(BaseRetriever):
    """Passages as documents, best first. `metadata` has paper_id, title, path, page, paragraph (None where there are
    pages, as page is where there are none), section, score (a probability)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    searcher: SkipValidation[LibraryRetriever]
    k: int = 10
    filters: SkipValidation[Filters] = Filters()

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = []
        for hit in self.searcher.search(query, k=self.k, filters=self.filters):
            paper = self.searcher.paper(hit.passage.paper_id)
            begins = hit.passage.spans[0].page if hit.passage.spans else None
            metadata: dict[str, Any] = {
                "paper_id": paper.id,
                "title": paper.title,
                "path": str(paper.path or ""),
                "page": begins if paper.paged else None,
                "paragraph": None if paper.paged else begins,
                "section": hit.passage.section,
                "score": hit.score,
            }
            found.append(Document(page_content=hit.passage.text, metadata=metadata))
        return found
