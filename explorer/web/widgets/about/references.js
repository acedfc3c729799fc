// What to cite, as BibTeX: the method, and this project.

export const REFERENCES = {
  method: `@inproceedings{xu2023lgvit,
  title     = {{LGViT}: Dynamic Early Exiting for Accelerating Vision Transformer},
  author    = {Xu, Guanyu and Hao, Jiawei and Shen, Li and Hu, Han and Luo, Yong and
               Lin, Hui and Shen, Jialie},
  booktitle = {Proceedings of the 31st ACM International Conference on Multimedia},
  year      = {2023},
  eprint    = {2308.00255},
  archivePrefix = {arXiv}
}`,
  project: `@software{exit_explorer,
  title  = {Exit Explorer: See early exiting in vision transformers},
  author = {{The Exit Explorer authors}},
  year   = {2026}
}`,
};
